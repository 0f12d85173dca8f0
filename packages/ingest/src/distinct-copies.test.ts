import { createMemoryStore } from '@kops/object-store/memory';
import type { Repository } from '@kops/repository';
import { expect, it } from 'vitest';
import { requireDistinct } from './distinct-copies.ts';

const at = (url: string, place?: string): Repository =>
  ({ store: { ...createMemoryStore(), url, place } }) as unknown as Repository;

it('refuses one directory as two copies, under the same name or another, and says so', () => {
  const wrong = (message: string): Error =>
    expect.objectContaining({ code: 'KOPS_USAGE', exitCode: 2, message }) as Error;
  expect(() => requireDistinct([at('file:///a', '1:2'), at('file:///link', '1:2')])).toThrow(
    wrong('the repositories file:///a and file:///link are the same directory'),
  );
  expect(() => requireDistinct([at('file:///a', '1:2'), at('file:///a', '1:2')])).toThrow(
    wrong('the repository file:///a is given twice'),
  );
  expect(() => requireDistinct([at('memory:a'), at('memory:a')])).toThrow(
    wrong('the repository memory:a is given twice'),
  );
});

it('takes copies in different directories', () => {
  expect(() => requireDistinct([at('file:///a', '1:2'), at('file:///b', '1:3')])).not.toThrow();
});
