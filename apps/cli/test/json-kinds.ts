import { z } from 'zod';

/*
 * The kinds of values in `--json`. Numbers follow the rule of docs/CLI.md: places in a log are decimal strings, what is counted or
 * measured is a number.
 */

/** An offset: 64 bits. */
export const offset = z.string().regex(/^\d{1,19}$/);
/** Time of a record, ms since 1970; -1 for none. */
export const time = z.string().regex(/^-?\d{1,19}$/);
/** What is counted, and sizes in bytes. */
export const count = z.int().min(0);
/** A measured length of time. */
export const ms = z.number();
/** Any text. */
export const text = z.string();
/** A list of texts. */
export const texts = z.array(text);
/** A time of kops itself. */
export const instant = z.iso.datetime();
/** An object that may have further fields. */
export const object = z.looseObject;

/** A failure; the document of every command that fails. */
export const failure = object({
  code: z.string().startsWith('KOPS_'),
  message: text,
  at: object({ partition: count.optional(), offset: offset.optional() }),
  hint: text.optional(),
});
/** A failure with the exit code of its command. */
export const exited = failure.extend({ exit: count });
