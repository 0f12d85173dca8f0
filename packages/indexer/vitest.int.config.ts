export { default } from '../../vitest.int.base.ts';
