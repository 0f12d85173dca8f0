import { describe, expect, it } from 'vitest';
import { parseAddress, resolveOptions } from './options.ts';

describe('addresses of brokers', () => {
  it.each([
    ['kafka.example.com:9092', { host: 'kafka.example.com', port: 9092 }],
    [' 10.0.0.1:1 ', { host: '10.0.0.1', port: 1 }],
    ['[::1]:9092', { host: '::1', port: 9092 }],
  ])('%s', (text, address) => {
    expect(parseAddress(text)).toEqual(address);
  });

  it.each([
    '',
    'kafka',
    'kafka:',
    ':9092',
    'kafka:0',
    'kafka:65536',
    '::1:9092',
    'kafka:9092/x',
    'PLAINTEXT://k:1',
  ])("'%s' is refused with an example", (text) => {
    expect(() => parseAddress(text)).toThrow(
      expect.objectContaining({
        code: 'KOPS_CONFIG',
        hint: expect.stringContaining('host:port') as string,
      }) as Error,
    );
  });

  it('must be at least one', () => {
    expect(() => resolveOptions({ bootstrapServers: [] })).toThrow(
      expect.objectContaining({ code: 'KOPS_CONFIG' }) as Error,
    );
  });
});
