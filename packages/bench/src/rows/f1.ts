import { execFile } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { type Bundled, bundle } from '../bundles.js'
import type { Case } from '../Case.js'
import { atMost, measureAll, ratioResults } from '../compare.js'
import { makeKey } from '../makeKey.js'
import type { Row } from '../Row.js'
import type { TokenServer } from '../server/TokenServer.js'
import { withServer } from '../withServer.js'

const starting = ({ program, file }: Bundled, server: TokenServer, keyFile: string, passphrase: string): Case => ({
  name: program.name,
  role: program.role,
  open: async () => {
    const { tokenEndpoint } = server.session()
    return {
      measure: async () => {
        const startedAt = performance.now()
        const { stdout } = await promisify(execFile)(process.execPath, [file, tokenEndpoint, keyFile, passphrase])
        if (!stdout.includes('xxx')) throw new Error(`${program.name} got no token`)
        return { value: performance.now() - startedAt }
      },
    }
  },
})

export const f1: Row = {
  name: 'F1',
  title: 'Cold start to the first token',
  work: 'a process that signs an assertion with an encrypted key, gets a token and prints it; each program bundled by esbuild',
  floor: 'the same with `node:http` and `node:crypto` alone',
  goal: '≤ 1.25, no peer faster',
  seconds: 26,
  quickSeconds: 15,
  run: (context) =>
    withServer(async (server) => {
      const { encrypted, passphrase } = makeKey()
      const bundles = await bundle()
      try {
        const keyFile = join(bundles.folder, 'key.pem')
        writeFileSync(keyFile, encrypted)
        const measured = await measureAll(
          context,
          bundles.all.map((each) => starting(each, server, keyFile, passphrase)),
          { rounds: context.isQuick ? 5 : 21 },
        )
        const judged = new Set(bundles.all.filter(({ program }) => program.isJudged).map(({ program }) => program.name))
        return ratioResults('F1', measured, (name) => (judged.has(name) ? atMost(1.25) : null), context.random)
      } finally {
        bundles.close()
      }
    }),
}
