import { Flags } from '@oclif/core';
import { sampleConfig } from '@kops/service';
import { KopsCommand } from '../../kops-command.ts';
import { FileOutput } from '../../output/file-output.ts';

interface ConfigInitResult {
  /** Absolute path of the file; null for stdout. */
  readonly output: string | null;
}

export default class ConfigInit extends KopsCommand<typeof ConfigInit, ConfigInitResult> {
  static override summary = 'Write a configuration file with every setting and its meaning.';
  static override description =
    'All settings are commented out, so the file has no effect until you uncomment one. docs/CONFIG.md lists the same settings with their environment variables.\n\n' +
    'Exit codes: 0 ok, 2 usage, 12 the file exists, 31 denied, 32 no space.';
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> --output /etc/kops/kops.yaml',
    '<%= config.bin %> <%= command.id %> --output -',
  ];
  static override flags = {
    output: Flags.string({
      summary: 'File to write, or - for stdout. kops does not replace an existing file.',
      helpValue: 'FILE',
      default: 'kops.yaml',
    }),
    overwrite: Flags.boolean({ summary: 'Replace the file if it exists.' }),
  };

  protected async execute(): Promise<ConfigInitResult> {
    const { output, overwrite } = this.flags;
    if (output === '-') {
      this.print([sampleConfig().trimEnd()], 'configuration');
      return { output: null };
    }
    await using file = await FileOutput.create(output, { overwrite });
    file.stream.write(sampleConfig());
    await file.finish();
    this.print([
      `Wrote ${file.path}. Uncomment settings in it, then run 'kops doctor --config ${output}'.`,
    ]);
    return { output: file.path };
  }
}
