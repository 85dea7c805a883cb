// A Postgres for the test that asks for it: Jest's modules do not let it load its parts.
import { parentPort } from 'node:worker_threads'
import { PGlite } from '@electric-sql/pglite'

const db = await PGlite.create()

parentPort.on('message', async ({ id, text, parameters, channel }) => {
  try {
    if (channel === undefined) {
      const { rows } = await db.query(text, parameters)
      parentPort.postMessage({ id, rows })
    } else {
      await db.listen(channel, (payload) => parentPort.postMessage({ channel, payload }))
      parentPort.postMessage({ id })
    }
  } catch ({ code, message }) {
    parentPort.postMessage({ id, error: { code, message } })
  }
})

parentPort.postMessage({ id: 0 })
