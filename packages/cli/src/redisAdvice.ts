/**
 * What to do when Redis does not do what it is asked. It is known by what `@tessera/store-redis` tells of it: the class of an error,
 * a code of the system, or that nothing came.
 */

export interface Advice {
  readonly likely?: string
  readonly next: string
}

/** Whether this is a word of Redis itself. */
export const isRedisError = (reason: string): boolean => /^[A-Z]+$/.test(reason) && !/^E(?!RR$)/.test(reason)

export const redisAdvice = (reason: string): Advice => {
  switch (reason) {
    case 'NOAUTH':
    case 'WRONGPASS':
      return { next: 'set TESSERA_REDIS_PASSWORD, and TESSERA_REDIS_USER where there is one' }
    case 'NOPERM':
      return {
        likely: 'the ACL of this user of Redis is too narrow',
        next: 'allow it what the README of @tessera/store-redis names, on keys and channels tessera:*',
      }
    case 'READONLY':
      return { likely: 'this is a replica', next: 'name the primary, or its Sentinels: redis+sentinel://HOST/PRIMARY' }
    case 'MOVED':
    case 'ASK':
    case 'CROSSSLOT':
      return { likely: 'this is a Cluster', next: 'name it as one: redis+cluster://HOST' }
    case 'NOMASTER':
      return { likely: 'the Sentinels know no primary of this name', next: 'correct the name after the hosts' }
    case 'OOM':
      return { likely: 'Redis is full', next: 'give it memory, with maxmemory-policy noeviction' }
    case 'LOADING':
    case 'MASTERDOWN':
    case 'CLUSTERDOWN':
    case 'TRYAGAIN':
    case 'BUSY':
      return { next: 'wait until Redis is ready' }
    case 'MISCONF':
    case 'NOREPLICAS':
      return { next: 'see the log of Redis' }
    case 'ERR':
      return {
        likely: 'there is no such database, or this is no Redis of the named form (a server, Sentinels, a Cluster)',
        next: 'correct the URL of the store',
      }
    default:
      return /CERT|SIGNATURE|SSL|TLS/.test(reason)
        ? {
            likely: 'the certificate of Redis is not trusted here, or it does not speak TLS',
            next: 'name the CA by NODE_EXTRA_CA_CERTS=FILE, or correct the URL of the store',
          }
        : { next: 'see that Redis runs and the URL of the store is right (rediss: with TLS, redis: without)' }
  }
}
