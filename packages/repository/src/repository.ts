import type {
  ArchiveCommit,
  Commit,
  Manifest,
  RepositoryInfo,
  SegmentList,
} from '@kops/archive-format';
import type { ObjectStore } from '@kops/object-store';

/** An object that a manifest refers to and that no earlier archive has. */
export interface NewObject {
  readonly key: string;
  /** Bytes as stored. */
  readonly bytes: number;
  /** SHA-256 of the stored bytes, as the writer computed it. */
  readonly sha256: string;
}

/** How much of a new object is looked at before a commit names it. */
export type StoredCheck = 'size' | 'read';

/** How to commit. */
export interface CommitOptions {
  /** Segments and lists that were written for this archive. */
  readonly newObjects: readonly NewObject[];
  /** Shard of the commit log. Default `main`. */
  readonly shard?: string;
  /** For segments; lists and the manifest are always read back. Default `size`. */
  readonly verifyStored?: StoredCheck;
  readonly signal?: AbortSignal;
}

/** Which archives. */
export interface ArchiveSelection {
  /** Cluster id; all clusters if omitted. */
  readonly cluster?: string;
}

/** What an archive is wanted for. */
export interface ArchiveWanted extends ArchiveSelection {
  /** Names and globs of the topics that are asked for; all if omitted or empty. */
  readonly topics?: readonly string[];
  /** Called with a line for the operator where `latest` is not the newest archive, or not of all topics. */
  readonly onNotice?: (text: string) => void;
}

/** A repository in one store. Everything it reads is checked against the commit log before it is returned. */
export interface Repository {
  readonly store: ObjectStore;
  readonly info: RepositoryInfo;

  /**
   * The commit log from its start, by shard and sequence, each commit checked against the one before.
   * @throws KOPS_MANIFEST_INVALID naming the commit that is missing, damaged or does not follow.
   */
  commits(options?: { shard?: string; signal?: AbortSignal }): AsyncIterable<Commit>;

  /** Archives that exist, oldest first: committed and not retired. @throws KOPS_MANIFEST_INVALID */
  archives(selection?: ArchiveSelection): Promise<ArchiveCommit[]>;

  /**
   * Finds an archive by id, by the unambiguous beginning of its id or of the random part, or by `latest`: the newest that covers the wanted topics.
   * @throws KOPS_ARCHIVE_NOT_FOUND with the nearest ids; KOPS_TOPIC_NOT_FOUND when no backup selected a topic; KOPS_USAGE when several could be meant
   */
  resolveArchive(idOrLatest: string, wanted?: ArchiveWanted): Promise<ArchiveCommit>;

  /** @throws KOPS_MANIFEST_INVALID when it is missing, damaged, or not the one the commit names; KOPS_FORMAT_UNSUPPORTED */
  readManifest(ref: ArchiveCommit): Promise<Manifest>;

  /** @throws KOPS_MANIFEST_INVALID when it is missing, damaged, or not of this SHA-256; KOPS_FORMAT_UNSUPPORTED */
  readSegmentList(sha256: string): Promise<SegmentList>;

  /** Stores a list under its SHA-256; one that is there already is read back and compared. */
  putSegmentList(list: SegmentList): Promise<NewObject>;

  /**
   * Makes an archive part of the repository: confirms its new objects, puts its manifest, then its commit.
   * Calling it again with the same manifest, after a response was lost, returns the commit that is there.
   *
   * @throws KOPS_OBJECT_NOT_FOUND, KOPS_OBJECT_CORRUPT when an object is not as it was written;
   *   KOPS_FENCED when another owner committed to this series;
   *   KOPS_REFUSED when the archive id is taken or the parent does not exist any more;
   *   KOPS_HELD when the slot was lost to others too often.
   */
  commitArchive(manifest: Manifest, options: CommitOptions): Promise<ArchiveCommit>;

  /**
   * Commits that series have been taken over: who still owns one can commit no archive to it any more, whenever its commit comes.
   * @throws KOPS_HELD when the slot was lost to others too often
   */
  fenceSeries(
    series: readonly string[],
    options: { readonly cluster: string; readonly shard?: string },
  ): Promise<void>;

  /** Looks whether another backup has taken a series over. @throws KOPS_FENCED if so */
  checkSeries(series: string): Promise<void>;

  /** Commits that archives exist no longer; their objects stay for a later sweep. @throws KOPS_ARCHIVE_NOT_FOUND, KOPS_HELD */
  retireArchives(ids: readonly string[], options?: { shard?: string }): Promise<Commit>;
}
