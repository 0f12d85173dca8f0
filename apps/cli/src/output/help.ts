import { CommandHelp, Help } from '@oclif/core';
import { kopsVersion } from '../version.ts';

/** Help of a command: its synopsis has what must be given; the flags stand below it with what they need and exclude. */
class KopsCommandHelp extends CommandHelp {
  /** A list loses the indent of its first line, so that a flag without a short one would stand out of its column. */
  override renderList(...args: Parameters<CommandHelp['renderList']>): string {
    const [items, { multiline = false }] = args;
    const text = super.renderList(...args);
    const lead = /^ */.exec(items[0]?.[0] ?? '')?.[0] ?? '';
    const isColumn = !multiline && items.slice(1).every(([left = '']) => text.includes(left));
    return isColumn ? lead + text : text;
  }

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
