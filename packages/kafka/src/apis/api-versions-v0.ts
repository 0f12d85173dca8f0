import type { Api, VersionRanges } from '../wire/api.ts';

/** What a broker can do. */
export interface ApiVersionsResponse {
  readonly errorCode: number;
  readonly versions: VersionRanges;
}

/*
 * ApiVersions Request (v0) =>
 * ApiVersions Response (v0) => error_code [api_keys]
 *   error_code => INT16
 *   api_keys => api_key min_version max_version
 *     api_key => INT16
 *     min_version => INT16
 *     max_version => INT16
 *
 * v0 is the one request that every broker of every version answers, before authentication too.
 */
export const apiVersionsV0: Api<undefined, ApiVersionsResponse> = {
  key: 18,
  name: 'ApiVersions',
  version: 0,
  isFlexible: false,
  rights: {},
  encode: () => undefined,
  decode: (r) => ({
    errorCode: r.int16(),
    versions: new Map(r.array(() => [r.int16(), { min: r.int16(), max: r.int16() }] as const)),
  }),
};
