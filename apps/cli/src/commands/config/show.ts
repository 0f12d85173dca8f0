import { describeConfig, type DescribedSetting } from '@kops/service';
import { KopsCommand } from '../../kops-command.ts';
import { formatTable } from '../../output/table.ts';

export default class ConfigShow extends KopsCommand<
  typeof ConfigShow,
  readonly DescribedSetting[]
> {
  static override summary =
    'Show the effective configuration and the source of each value, without secrets.';
  static override examples = ['<%= config.bin %> <%= command.id %> --config kops.yaml'];

  protected async execute(): Promise<readonly DescribedSetting[]> {
    const settings = describeConfig(this.loaded);
    const rows = settings.map(({ path, value, source }) => [
      path,
      typeof value === 'string' ? value : JSON.stringify(value),
      source,
    ]);
    this.print(
      formatTable([{ title: 'SETTING' }, { title: 'VALUE' }, { title: 'FROM' }], rows),
      'configuration',
    );
    return settings;
  }
}
