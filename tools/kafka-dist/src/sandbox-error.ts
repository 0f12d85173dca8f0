import { KopsError, type KopsErrorOptions } from '@kops/core';

/** KOPS_SANDBOX_UNAVAILABLE: this machine lacks something that a throwaway Kafka needs. */
export function sandboxUnavailable(
  message: string,
  hint: string,
  options: Omit<KopsErrorOptions, 'hint'> = {},
): KopsError {
  return new KopsError('KOPS_SANDBOX_UNAVAILABLE', message, { ...options, hint });
}
