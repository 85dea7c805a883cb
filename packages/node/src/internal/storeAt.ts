import { AuthError, type ClosableStore, lazyStore, memoryStore, Secret, type TokenStore } from '@tessera/core'
import type * as StoreSql from '@tessera/store-sql'
import * as TE from 'fp-ts/lib/TaskEither.js'
import type { NodeEnv } from '../nodeEnv.js'

/** A store with its end: only what was opened here is closed here. */
export interface Kept {
  readonly store: TokenStore
  readonly close: () => Promise<void>
}

const PACKAGE = '@tessera/store-sql'

const FORMS =
  'takes a store, or the URL of a database: postgres://USER:PASSWORD@HOST/DATABASE, mysql://… or sqlite:FILE; for Redis: redisStore(ioRedis(redis)) of @tessera/store-redis'

const isUrl = (url: string): boolean => /^(?:postgres(?:ql)?|mysql|mariadb|sqlite):/.test(url)

const notFound = (error: unknown): AuthError => {
  const code = typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined
  return code === 'ERR_MODULE_NOT_FOUND' || code === 'MODULE_NOT_FOUND'
    ? AuthError.misconfigured('store', `a URL takes ${PACKAGE}, which is not installed: npm install ${PACKAGE}`)
    : AuthError.misconfigured('store', `${PACKAGE} cannot be loaded`)
}

/** The package is optional: by a variable, which a bundler does not follow. */
const load = (name: string): Promise<typeof StoreSql> => import(/* webpackIgnore: true */ /* @vite-ignore */ name)

const opened = async (url: string): Promise<ClosableStore> => (await load(PACKAGE)).sqlStoreAt(url)

const storeAt = (url: string): ClosableStore =>
  lazyStore({
    open: TE.tryCatch(
      async () => {
        const store = await opened(url)
        return { store, close: store.close }
      },
      (error) => (AuthError.isException(error) ? error.error : notFound(error)),
    ),
  })

/** What is given, what a URL names, or the process's memory. Throws a typed error, without the URL, where it is none of them. */
export const keptIn = (given: TokenStore | string | Secret | undefined): Kept => {
  const url = Secret.is(given) ? Secret.open(given) : given
  if (typeof url !== 'string') return { store: url ?? memoryStore(), close: () => Promise.resolve() }
  if (!isUrl(url)) throw AuthError.toError(AuthError.misconfigured('store', FORMS))
  const store = storeAt(url)
  return { store, close: store.close }
}

/** Ends what was opened here: the store of a URL and then the environment, also where the store cannot be ended. */
export const releasing =
  (kept: Kept, env: Pick<NodeEnv, 'close'> | undefined): (() => Promise<void>) =>
  async () => {
    try {
      await kept.close()
    } finally {
      await env?.close()
    }
  }
