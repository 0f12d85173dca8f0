import { execFile } from 'node:child_process';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const project = fileURLToPath(new URL('../tsconfig.lib.json', import.meta.url));

/** Builds the command line and all that it needs; quick when nothing changed. */
export default async function build(): Promise<void> {
  const compiler = createRequire(import.meta.url).resolve('typescript/bin/tsc');
  try {
    await promisify(execFile)(process.execPath, [compiler, '--build', project]);
  } catch (error) {
    throw new Error(
      `kops does not build:\n${(error as { stdout?: string }).stdout ?? String(error)}`,
      { cause: error },
    );
  }
}
