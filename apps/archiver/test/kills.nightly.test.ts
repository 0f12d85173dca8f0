import { describeKills } from './kill-rounds.ts';

describeKills({
  archiver: [2, 3, 4, 11, 12, 13],
  agent: [6, 14, 15],
  follow: [8, 9, 10],
});
