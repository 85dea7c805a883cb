import type * as Tessera from '@tessera/core'
import {
  AuthError,
  absent,
  type Cipher,
  encrypted,
  millis,
  type Next,
  recordCallbackStore,
  Secret,
  type StoredRecord,
} from '@tessera/core'
import * as E from 'fp-ts/lib/Either.js'
import { right, tagOf, testEnv } from './basics.js'

const reverse = (text: string): string => Array.from(text).reverse().join('')

/** It binds as a cipher does, and hides nothing. */
export const toy = (kid: string): Cipher => {
  let sealed = 0
  return {
    seal: (plaintext, additionalData) => () =>
      JSON.stringify([kid, additionalData, `${++sealed}`, reverse(Secret.open(plaintext))]),
    open: (text, additionalData) => {
      const [by, bound, , inside] = JSON.parse(text)
      return by === kid && bound === additionalData
        ? E.right(Secret.make('Record', reverse(inside)))
        : E.left(AuthError.storeFailed('decode', `sealed by ${by}`))
    },
  }
}

/** A store of rows, and what it is asked. */
export const overRows = () => {
  const rows = new Map<string, StoredRecord>()
  const asked: string[] = []
  const inner = recordCallbackStore({
    load: async (key) => {
      asked.push('load')
      return rows.get(key)
    },
    compareAndSwap: async (key, expected, next) => {
      asked.push('compareAndSwap')
      const swaps = (rows.get(key)?.version ?? null) === expected
      if (swaps) rows.set(key, next)
      return swaps
    },
  })
  return { rows, asked, inner }
}

export const next = (version: string): Next => ({ version, record: Secret.make('Record', `record of ${version}`) })

/** What is left of the record of another cipher, when a whole session was lived over it. */
export const recordAfter = async (
  core: Pick<typeof Tessera, 'encrypted' | 'remoteCallback' | 'TokenSource'>,
): Promise<{ readonly isKept: boolean; readonly told: ReadonlyArray<string> }> => {
  const { rows, inner } = overRows()
  right(await encrypted(toy('a'))(inner).compareAndSet('default', absent, next('one'))())
  const before = rows.get('default')
  const source = core.TokenSource.make({
    store: core.encrypted(toy('b'))(inner),
    key: 'default',
    timeout: millis(100),
  })(core.remoteCallback(() => 'a token'))(testEnv())()
  const login = source.login(core.remoteCallback(() => 'another'))({ ...testEnv() })
  const told = []
  const write = core.encrypted(toy('b'))(inner).compareAndSet('default', 'one', next('two'))
  for (const use of [source.get, login, source.revoke, write]) told.push(tagOf(await use()))
  return { isKept: rows.get('default') === before, told }
}
