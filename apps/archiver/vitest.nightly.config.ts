export { default } from '../../vitest.nightly.base.ts';
