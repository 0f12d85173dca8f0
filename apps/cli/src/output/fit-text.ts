import { stripVTControlCharacters } from 'node:util';

/** A text of at most so many characters; what is cut off is told by an ellipsis. */
export function shortened(text: string, width: number): string {
  const plain = stripVTControlCharacters(text);
  return plain.length <= width ? text : `${plain.slice(0, Math.max(0, width - 1))}…`;
}

/** A name of at most so many characters: what is cut out of its middle is told by an ellipsis, as its end tells it from others. */
export function shortenedName(text: string, width: number): string {
  const plain = stripVTControlCharacters(text);
  if (plain.length <= width) return text;
  const end = Math.floor((width - 1) / 3);
  return `${plain.slice(0, width - 1 - end)}…${plain.slice(plain.length - end)}`;
}

/** A text in lines of at most so many characters, broken between words; a longer word stays whole. */
export function wrapped(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    const longer = line === '' ? word : `${line} ${word}`;
    if (stripVTControlCharacters(longer).length <= width || line === '') line = longer;
    else {
      lines.push(line);
      line = word;
    }
  }
  return [...lines, line];
}

/** A word with a colon and spaces behind it, or what a line is indented by. */
const label = /^(?:[A-Z][a-z]+: {1,6}| *)/;
/** Not kops as a word of a sentence. */
const command = /(?:^\s*(?:[A-Z][A-Z_]*=.* )?|['"`]|: +|\bRun |\brun )kops [a-z]/;
const minTextWidth = 20;

/**
 * Lines for a terminal: longer ones are broken between words and go on below their text. A line with a command stays as it is, so that the
 * command can be pasted.
 */
export function fitLines(text: string, columns: number | undefined): string {
  if (columns === undefined) return text;
  return text
    .split('\n')
    .flatMap((line) => fitLine(line, columns))
    .join('\n');
}

function fitLine(line: string, columns: number): string[] {
  const plain = stripVTControlCharacters(line);
  if (plain.length <= columns || command.test(plain)) return [line];
  const start = label.exec(plain)?.[0].length ?? 0;
  const indent = ' '.repeat(plain.startsWith(' ') || start === 0 ? start + 2 : start);
  const width = Math.max(minTextWidth, columns - indent.length);
  // The first line has its own beginning; those below have an indent instead.
  const lead = /^ */.exec(line)?.[0] ?? '';
  const [first = '', ...rest] = wrapped(line.slice(lead.length), columns - lead.length);
  const below = rest.length === 0 ? [] : wrapped(rest.join(' '), width);
  return [`${lead}${first}`, ...below.map((text) => `${indent}${text}`)];
}
