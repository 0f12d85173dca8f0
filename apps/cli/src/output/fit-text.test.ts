import { describe, expect, it } from 'vitest';
import { fitLines } from './fit-text.ts';

describe('lines on a terminal', () => {
  it('are broken between words, below their text', () => {
    const text = [
      'Error: Damaged manifest: commit is damaged at its end',
      '        Docker: no engine answers here today',
      'short',
    ].join('\n');
    expect(fitLines(text, 40).split('\n')).toEqual([
      'Error: Damaged manifest: commit is',
      '       damaged at its end',
      '        Docker: no engine answers here',
      '          today',
      'short',
    ]);
  });

  it('keep a command in one piece, and are as they are elsewhere', () => {
    const command = "Try:   Run 'kops backup --repository /backups/kafka' again.";
    expect(fitLines(command, 30)).toBe(command);
    const withState = "XDG_STATE_HOME='/my state' kops restore --repository /backups";
    expect(fitLines(withState, 30)).toBe(withState);
    expect(fitLines('all requests that kops makes are offered', 24)).toBe(
      'all requests that kops\n  makes are offered',
    );
    expect(fitLines('a '.repeat(60), undefined)).toBe('a '.repeat(60));
  });

  it('count no colour as width', () => {
    const line = '\u001b[31mError:\u001b[39m no space is left';
    expect(fitLines(line, 23)).toBe(line);
  });
});
