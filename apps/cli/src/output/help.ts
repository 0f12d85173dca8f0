import { CommandHelp, Help } from '@oclif/core';
import { kopsVersion } from '../version.ts';

/** Help of a command: its synopsis has what must be given; the flags stand below it with what they need and exclude. */
class KopsCommandHelp extends CommandHelp {
  protected override defaultUsage(): string {
    const args = Object.values(this.command.args).map(({ name }) => name.toUpperCase());
    const required = Object.entries(this.command.flags).flatMap(([name, flag]) =>
      flag.required === true && flag.type === 'option'
        ? [`--${name} ${String(flag.helpValue ?? 'VALUE')}`]
        : [],
    );
    return ['<%= command.id %>', ...args, ...required, '[FLAGS]'].join(' ');
  }
}

/** What `--help` prints. */
export default class KopsHelp extends Help {
  protected override CommandHelpClass = KopsCommandHelp;

  override formatRoot(): string {
    return super.formatRoot().replace(this.config.userAgent, `kops ${kopsVersion}`);
  }
}
