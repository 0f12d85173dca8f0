import { KopsCommand } from '../kops-command.ts';
import { kopsVersion } from '../version.ts';

interface VersionResult {
  readonly kops: string;
  readonly node: string;
  readonly format: number;
}

export default class Version extends KopsCommand<typeof Version, VersionResult> {
  static override summary = 'Print the versions of kops, Node and the repository format.';
  static override examples = ['<%= config.bin %> <%= command.id %>'];

  protected async execute(): Promise<VersionResult> {
    const result = { kops: kopsVersion, node: process.versions.node, format: 1 };
    this.print([
      `kops ${result.kops} (repository format ${String(result.format)}, node ${result.node})`,
    ]);
    return result;
  }
}
