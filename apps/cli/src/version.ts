import { readFileSync } from 'node:fs';

/** Version of kops: that of this package. */
export const kopsVersion: string = (
  JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
    version: string;
  }
).version;
