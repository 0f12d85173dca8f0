import { describeKills } from './kill-rounds.ts';

describeKills({ archiver: [1], agent: [5], follow: [7] });
