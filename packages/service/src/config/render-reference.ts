import { ownName, settingReference, type SettingReference } from './setting-reference.ts';

const cell = (text: string): string => text.replaceAll('|', String.raw`\|`);
const code = (text: string): string => `\`${cell(text)}\``;

function row(setting: SettingReference): string {
  const { path, about, type, isSecret, isRequired, byDefault, variables, example } = setting;
  const notes = [
    about,
    ...(isSecret ? ['Never printed.'] : []),
    ...(isRequired ? ['Required here.'] : []),
  ];
  return `| ${[
    code(path.join('.')),
    cell(notes.join(' ')),
    cell(type),
    byDefault === undefined ? '' : code(byDefault),
    variables.map(code).join('<br>'),
    code(example),
  ].join(' | ')} |`;
}

/** The tables of docs/CONFIG.md, one for each section of the configuration. */
export function renderReference(): string {
  const sections = Map.groupBy(settingReference(), ({ path }) => path[0] ?? '');
  return [...sections]
    .map(([section, settings]) =>
      [
        `### ${section}`,
        '',
        '| setting | meaning | value | default | variable | example |',
        '| --- | --- | --- | --- | --- | --- |',
        ...settings.map(row),
      ].join('\n'),
    )
    .join('\n\n');
}

/** Settings in the shape of the file. */
interface Branch {
  readonly [key: string]: Branch | SettingReference;
}

function treeOf(settings: readonly SettingReference[]): Branch {
  const tree: Record<string, unknown> = {};
  for (const setting of settings) {
    let at = tree;
    const keys = setting.path.map((key) => (key === ownName ? 'main' : key));
    for (const key of keys.slice(0, -1)) at = (at[key] ??= {}) as Record<string, unknown>;
    at[keys.at(-1) ?? ''] = setting;
  }
  return tree as Branch;
}

const isSetting = (part: Branch | SettingReference): part is SettingReference =>
  Array.isArray((part as SettingReference).path);

function linesOf(tree: Branch, indent: string): string[] {
  return Object.entries(tree).flatMap(([key, part]) => {
    if (!isSetting(part)) return [`${indent}${key}:`, ...linesOf(part, `${indent}  `)];
    const { about, type, byDefault, example } = part;
    const holds = byDefault === undefined ? '' : ` Default: ${byDefault}.`;
    return [`${indent}# ${about} Value: ${type}.${holds}`, `${indent}${key}: ${example}`];
  });
}

const head = `## Configuration of kops. All settings are commented out: to set one, remove the first # of its line and of the lines of the
## sections that contain it. docs/CONFIG.md explains the settings; 'kops config show --config FILE' prints the effective values.
## Sizes and times have units (64MiB, 30s, 5m). Strings may contain environment variables: see docs/CONFIG.md.
`;

/** A file with every setting and its meaning. As it is, it sets nothing; without the first # of each line it sets all. */
export function sampleConfig(): string {
  // A setting that has settings below it (tls) is written with those: `true` alone says less.
  const all = settingReference();
  const isAbove = ({ path }: SettingReference): boolean =>
    all.some(
      (other) => other.path.length > path.length && path.every((key, at) => other.path[at] === key),
    );
  const lines = linesOf(treeOf(all.filter((setting) => !isAbove(setting))), '');
  return `${head}\n${lines.map((line) => `#${line}`).join('\n')}\n`;
}
