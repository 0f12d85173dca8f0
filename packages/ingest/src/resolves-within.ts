/** Whether a promise resolves within a time in ms. */
export async function resolvesWithin(promise: Promise<unknown>, ms: number): Promise<boolean> {
  const timer = Promise.withResolvers<false>();
  const handle = setTimeout(timer.resolve, ms, false as const);
  const isResolved = await Promise.race([promise.then(() => true), timer.promise]);
  clearTimeout(handle);
  return isResolved;
}
