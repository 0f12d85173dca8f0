import { KopsError } from '@kops/core';

/** A setting of a plugin. */
export type PipelineValue =
  | string
  | number
  | readonly PipelineValue[]
  | { readonly [name: string]: PipelineValue }
  | PipelinePlugin;

/** A plugin with its settings. */
export class PipelinePlugin {
  readonly name: string;
  readonly settings: Readonly<Record<string, PipelineValue>>;

  constructor(name: string, settings: Readonly<Record<string, PipelineValue>>) {
    this.name = name;
    this.settings = settings;
  }
}

/** What is done if a condition holds, and what if not. */
export class PipelineBranch {
  /** As it is written, without white space around its parts. */
  readonly condition: readonly string[];
  readonly then: readonly PipelineStep[];
  readonly otherwise: readonly PipelineStep[];

  constructor(
    condition: readonly string[],
    then: readonly PipelineStep[],
    otherwise: readonly PipelineStep[],
  ) {
    this.condition = condition;
    this.then = then;
    this.otherwise = otherwise;
  }
}

/** What a section does, in its order. */
export type PipelineStep = PipelinePlugin | PipelineBranch;

/** A pipeline by its sections. */
export interface Pipeline {
  readonly input: readonly PipelineStep[];
  readonly filter: readonly PipelineStep[];
  readonly output: readonly PipelineStep[];
}

const tokenPattern =
  /\s+|#[^\n]*|(?<token>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|=>|[{}]|(?:\[[^\]\s"',[]+\])+|[[\],()]|[<>=!]=|=~|!~|[<>!]|-?[0-9]+(?:\.[0-9]+)?|[A-Za-z_][A-Za-z0-9_-]*)/y;

/**
 * Parses a configuration of Logstash as far as the pipelines here use it: plugins, settings, codecs, if and else.
 * Source: https://www.elastic.co/docs/reference/logstash/configuration-file-structure
 * @throws KOPS_CONFIG with the line.
 */
export function parsePipeline(text: string): Pipeline {
  const parser = new Parser(tokenize(text));
  const pipeline = {
    input: [] as PipelineStep[],
    filter: [] as PipelineStep[],
    output: [] as PipelineStep[],
  };
  while (!parser.isAtEnd) {
    const name = parser.next();
    if (name !== 'input' && name !== 'filter' && name !== 'output')
      throw wrong(`'${name}' is no section`);
    pipeline[name].push(...parser.block());
  }
  return pipeline;
}

function wrong(message: string): KopsError {
  return new KopsError('KOPS_CONFIG', `pipeline: ${message}`, {
    hint: 'Correct the pipeline, or teach the parser what it does not know.',
  });
}

function tokenize(text: string): string[] {
  const tokens: string[] = [];
  const pattern = new RegExp(tokenPattern);
  while (pattern.lastIndex < text.length) {
    const at = pattern.lastIndex;
    const match = pattern.exec(text);
    if (match === null)
      throw wrong(`line ${text.slice(0, at).split('\n').length} is not understood`);
    const token = match.groups?.['token'];
    if (token !== undefined) tokens.push(token);
  }
  return tokens;
}

class Parser {
  readonly #tokens: readonly string[];
  #position = 0;

  constructor(tokens: readonly string[]) {
    this.#tokens = tokens;
  }

  get isAtEnd(): boolean {
    return this.#position >= this.#tokens.length;
  }

  next(): string {
    const token = this.#tokens[this.#position++];
    if (token === undefined) throw wrong('it ends too early');
    return token;
  }

  block(): PipelineStep[] {
    this.#expect('{');
    const steps: PipelineStep[] = [];
    while (!this.#skip('}')) steps.push(this.#step());
    return steps;
  }

  #step(): PipelineStep {
    const name = this.next();
    return name === 'if' ? this.#branch() : this.#plugin(name);
  }

  #branch(): PipelineBranch {
    const condition: string[] = [];
    while (this.#tokens[this.#position] !== '{') condition.push(this.next());
    const then = this.block();
    if (!this.#skip('else')) return new PipelineBranch(condition, then, []);
    const otherwise = this.#skip('if') ? [this.#branch()] : this.block();
    return new PipelineBranch(condition, then, otherwise);
  }

  #plugin(name: string): PipelinePlugin {
    if (!/^[a-z_]+$/.test(name)) throw wrong(`'${name}' is no plugin`);
    this.#expect('{');
    const settings: Record<string, PipelineValue> = {};
    while (!this.#skip('}')) {
      const key = this.next();
      if (Object.hasOwn(settings, key)) throw wrong(`'${key}' of ${name} is set twice`);
      this.#expect('=>');
      settings[key] = this.#value();
    }
    return new PipelinePlugin(name, settings);
  }

  #value(): PipelineValue {
    const token = this.next();
    if (token === '[') return this.#list();
    if (token === '{') return this.#hash();
    if (/^["']/.test(token)) return token.slice(1, -1);
    if (/^-?[0-9]/.test(token)) return Number(token);
    if (this.#tokens[this.#position] === '{') return this.#plugin(token);
    return token;
  }

  #list(): PipelineValue[] {
    const items: PipelineValue[] = [];
    while (!this.#skip(']')) {
      items.push(this.#value());
      this.#skip(',');
    }
    return items;
  }

  #hash(): Record<string, PipelineValue> {
    const entries: Record<string, PipelineValue> = {};
    while (!this.#skip('}')) {
      const key = this.next().replaceAll(/^["']|["']$/g, '');
      this.#expect('=>');
      entries[key] = this.#value();
    }
    return entries;
  }

  #skip(token: string): boolean {
    if (this.#tokens[this.#position] !== token) return false;
    this.#position++;
    return true;
  }

  #expect(token: string): void {
    const found = this.next();
    if (found !== token) throw wrong(`'${found}' stands where '${token}' should`);
  }
}
