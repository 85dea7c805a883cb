/** A file store that takes no turns and writes into the file that is there. */
import { createHash } from 'node:crypto'
import { open } from 'node:fs/promises'
import { join } from 'node:path'
import { Secret } from '@tessera/core'
import { fileStore as real } from '@tessera/store-file'

/** As the real one writes it. */
const bytesOf = (key, { version, record }) => {
  const body = { v: 1, key, version, record: Secret.open(record) }
  const sha256 = createHash('sha256').update(JSON.stringify(body)).digest('base64url')
  return `${JSON.stringify({ ...body, sha256 })}\n`
}

const nameOf = (key) => `${createHash('sha256').update(JSON.stringify(key)).digest('hex').slice(0, 32)}.json`

export const fileStore = (config) => {
  const store = real(config)
  return {
    ...store,
    compareAndSet: (key, expected, next) => async () => {
      const there = await store.get(key)()
      if (there._tag === 'Left') return there
      // Makes the folder.
      if (there.right.version === '') return store.compareAndSet(key, expected, next)()
      if (there.right.version !== expected) return { _tag: 'Right', right: { _tag: 'Conflict', found: there.right } }
      try {
        const handle = await open(join(config.folder, nameOf(key)), 'w', 0o600)
        try {
          await handle.writeFile(bytesOf(key, next))
        } finally {
          await handle.close()
        }
      } catch (error) {
        const failure = { _tag: 'StoreFailed', operation: 'compareAndSet', reason: error.code, pending: false }
        return { _tag: 'Left', left: failure }
      }
      return { _tag: 'Right', right: { _tag: 'Committed' } }
    },
  }
}
