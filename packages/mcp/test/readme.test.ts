/** The program of the README, as it is pasted. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { agrees, startWorld } from './support/world.js'

const PACKAGE = join(__dirname, '..')

test('runs: the first time it says where to log in, the next time nobody has to', async () => {
  const [, program = ''] = /```js url\n(.*?)```/s.exec(readFileSync(join(PACKAGE, 'README.md'), 'utf8')) ?? []
  const world = await startWorld()
  // In the package, so that it finds it and its dependencies.
  const folder = mkdtempSync(join(PACKAGE, 'dist', 'readme-'))
  const file = join(folder, 'program.mjs')
  writeFileSync(file, program)
  const run = async (): Promise<{ readonly code: unknown; readonly stdout: string }> => {
    const child = spawn(process.execPath, [file, world.url], { cwd: folder })
    child.stderr.on('data', (said: Buffer) => {
      const address = /Open (\S+)/.exec(said.toString())?.[1]
      if (address !== undefined) agrees(address)
    })
    const [[code], stdout] = await Promise.all([once(child, 'close'), text(child.stdout)])
    return { code, stdout }
  }
  try {
    expect(await run()).toMatchObject({ code: 0, stdout: expect.stringContaining('tools') })
    expect(world.asked).toHaveLength(1)
    expect(await run()).toMatchObject({ code: 0 })
    expect(world.asked).toHaveLength(1)
  } finally {
    rmSync(folder, { recursive: true })
    await world.close()
  }
})
