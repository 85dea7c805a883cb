// The package has no types; these are the parts that its README shows.
declare module 'redlock' {
  import type { Redis } from 'ioredis'

  interface Lock {
    readonly unlock: () => Promise<void>
  }

  interface Options {
    readonly retryCount?: number
    readonly retryDelay?: number
    readonly retryJitter?: number
  }

  export default class Redlock {
    constructor(clients: ReadonlyArray<Redis>, options?: Options)
    lock(resource: string, ttl: number): Promise<Lock>
  }
}
