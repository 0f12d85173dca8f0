/**
 * What to do about a block that somebody set on an index or the cluster, which is answered with 403 like a missing right; undefined where
 * there is none. The blocks of a full disk (429) and of a server that is starting (503) go by themselves.
 */
export function blockHint(status: number, type: string | undefined): string | undefined {
  if (status !== 403 || type !== 'cluster_block_exception') return undefined;
  return 'Remove the block: PUT <index>/_settings {"index.blocks.write": null, "index.blocks.read_only": null}; for the whole cluster, PUT _cluster/settings {"persistent": {"cluster.blocks.read_only": null}}.';
}
