import { Semaphore, throwIfAborted, type KopsError } from '@kops/core';
import { abortable } from './abortable.ts';
import { BrokerConnection } from './broker-connection.ts';
import type { BufferPool } from './buffer-pool.ts';
import type { BrokerAddress, ConnectionSettings } from './kafkajs-connection.ts';
import { FetchThrottle } from './fetch-throttle.ts';
import { formatAddress } from './failures.ts';
import { withSlot } from './slot.ts';

/** A connection that is opened when it is needed, once for all who wait for it, and anew after it was lost. */
class SharedConnection {
  readonly #open: () => Promise<BrokerConnection>;
  #current: Promise<BrokerConnection> | undefined;
  #ready: BrokerConnection | undefined;

  constructor(open: () => Promise<BrokerConnection>) {
    this.#open = open;
  }

  async get(): Promise<BrokerConnection> {
    if (this.#ready?.isOpen === false) {
      this.#ready = undefined;
      this.#current = undefined;
    }
    this.#current ??= this.#open().then(
      (connection) => (this.#ready = connection),
      (error: unknown) => {
        this.#current = undefined;
        throw error;
      },
    );
    return this.#current;
  }
}

/**
 * All connections to one broker, by purpose: a broker serves the requests of a connection one after the other, so a long poll must not
 * stand in the way of a metadata request.
 */
export class BrokerLink {
  readonly address: BrokerAddress;
  readonly #settings: ConnectionSettings;
  readonly #pool: BufferPool;
  readonly #control: SharedConnection;
  readonly #produce: SharedConnection;
  readonly #fetchLanes: Semaphore;
  /** What a quota leaves of the fetches at this broker. */
  readonly fetchThrottle: FetchThrottle;
  #idleFetch: BrokerConnection[] = [];
  readonly #all = new Set<BrokerConnection>();
  #closed: KopsError | undefined;

  constructor(
    address: BrokerAddress,
    settings: ConnectionSettings,
    pool: BufferPool,
    maxFetchConnections: number,
  ) {
    this.address = address;
    this.#settings = settings;
    this.#pool = pool;
    this.#control = new SharedConnection(() => this.#connect());
    this.#produce = new SharedConnection(() => this.#connect());
    this.#fetchLanes = new Semaphore(maxFetchConnections);
    this.fetchThrottle = new FetchThrottle(formatAddress(address), settings.throttleDeadlineMs);
  }

  #throwIfClosed(): void {
    if (this.#closed !== undefined) throw this.#closed;
  }

  async #connect(): Promise<BrokerConnection> {
    this.#throwIfClosed();
    for (const known of this.#all) if (!known.isOpen) this.#all.delete(known);
    const connection = await BrokerConnection.open(this.address, this.#settings, this.#pool);
    try {
      this.#throwIfClosed();
    } catch (error) {
      connection.abandon();
      throw error;
    }
    this.#all.add(connection);
    return connection;
  }

  /** The connection for everything short. */
  async control(signal?: AbortSignal): Promise<BrokerConnection> {
    return abortable(this.#control.get(), signal);
  }

  /** The connection for produce requests. */
  async produce(signal?: AbortSignal): Promise<BrokerConnection> {
    return abortable(this.#produce.get(), signal);
  }

  /** Runs `work` with a connection that nobody else uses meanwhile; waits for one when all are in use. */
  async withFetchConnection<T>(
    work: (connection: BrokerConnection) => Promise<T>,
    signal: AbortSignal | undefined,
  ): Promise<T> {
    return withSlot(this.#fetchLanes, signal, () => this.#withLane(work, signal));
  }

  async #withLane<T>(
    work: (connection: BrokerConnection) => Promise<T>,
    signal: AbortSignal | undefined,
  ): Promise<T> {
    throwIfAborted(signal);
    this.#idleFetch = this.#idleFetch.filter((idle) => idle.isOpen);
    const connection = this.#idleFetch.pop() ?? (await this.#connect());
    try {
      return await work(connection);
    } finally {
      // One that still owes an answer (an abort, say) would make the next fetch wait for it.
      if (connection.isOpen && connection.inFlight === 0) this.#idleFetch.push(connection);
      else this.#discard(connection);
    }
  }

  #discard(connection: BrokerConnection): void {
    this.#all.delete(connection);
    connection.abandon();
  }

  /** Closes every connection. */
  close(reason: KopsError): void {
    this.#closed = reason;
    for (const connection of this.#all) connection.close(reason);
    this.#all.clear();
  }
}
