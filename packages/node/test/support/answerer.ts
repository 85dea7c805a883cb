import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'

/** An HTTP server in a process of its own, which answers one request at a time, when it is told to. */
export interface Answerer {
  readonly origin: string
  /** Resolves when a request is there; then a function that keeps this process busy until the answer is, too, and `ms` is over. */
  readonly received: () => Promise<(until: number) => void>
  readonly close: () => void
}

// Files tell the two processes of each other while this one has no turn of its event loop.
const PROGRAM = `
  const { createServer } = require('node:http')
  const { existsSync, writeFileSync } = require('node:fs')
  const [, folder] = process.argv
  createServer((request, response) => {
    request.resume().on('end', () => {
      console.log('received')
      const look = setInterval(() => {
        if (!existsSync(folder + '/go')) return
        clearInterval(look)
        response.end('answer', () => writeFileSync(folder + '/gone', ''))
      }, 1)
    })
  }).listen(0, '127.0.0.1', function () {
    console.log(this.address().port)
  })
`

/** Beyond this the answer does not come, in ms. */
const PATIENCE = 60_000

export const startAnswerer = async (): Promise<Answerer> => {
  const folder = mkdtempSync(join(tmpdir(), 'tessera-answerer-'))
  const [go, gone] = [join(folder, 'go'), join(folder, 'gone')]
  const child = spawn(process.execPath, ['-e', PROGRAM, folder], { stdio: ['ignore', 'pipe', 'inherit'] })
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  const port = (await lines.next()).value
  return {
    origin: `http://127.0.0.1:${port}`,
    received: async () => {
      await lines.next()
      return (until) => {
        writeFileSync(go, '')
        const giveUpAt = Date.now() + PATIENCE
        while (Date.now() <= until || !existsSync(gone)) if (Date.now() > giveUpAt) throw new Error('no answer')
        rmSync(go)
        rmSync(gone)
      }
    },
    close: () => {
      child.kill('SIGKILL')
      rmSync(folder, { recursive: true })
    },
  }
}
