/** Groups that a broker coordinates. */
export interface ListGroupsResponse {
  readonly throttleMs: number;
  readonly errorCode: number;
  readonly groups: readonly ListedGroup[];
}

/** A group as it is listed. */
export interface ListedGroup {
  readonly group: string;
  readonly protocolType: string;
  /** Undefined before v4. */
  readonly state?: string;
  /** Classic, Consumer, Share, …; undefined before v5, where all are classic. */
  readonly type?: string;
}
