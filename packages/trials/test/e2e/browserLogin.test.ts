/** `tessera login` as a person meets it: the page that it opens leads Chromium to the consent, and back. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { startSandbox } from '@tessera/sandbox'
import { chromium } from 'playwright-core'
import { testWith } from '../../../scripts/jest/needs.js'
import { chromium as chromiumPath } from '../../../scripts/jest/tools.cjs'
import { CHROMIUM_FLAGS } from './support/chromium.js'

const MAIN = join(__dirname, '..', '..', '..', 'cli', 'bin', 'tessera.js')

testWith('chromium')(
  'tessera login: a page without an address in the list of processes, the consent, the end',
  async () => {
    const folder = await mkdtemp(join(tmpdir(), 'tessera-browser-'))
    const box = await startSandbox()
    const browser = await chromium.launch({ executablePath: chromiumPath() ?? 'chromium', args: [...CHROMIUM_FLAGS] })
    // The "browser" that the command starts only says what it was asked to open: Chromium is the test's.
    const opened = createServer((request, response) => response.end(request.url))
    try {
      opened.listen(0, '127.0.0.1')
      await once(opened, 'listening')
      const at = opened.address()
      const opener = join(folder, 'opener.mjs')
      const port = typeof at === 'object' ? at?.port : undefined
      await writeFile(opener, `await fetch('http://127.0.0.1:${port}/' + encodeURIComponent(process.argv[2]))`)
      await box.writeSettings(join(folder, 'config.json'))
      const args = ['login', '--config', join(folder, 'config.json'), '--base-url', box.url]
      const child = spawn(process.execPath, [MAIN, ...args], {
        env: { PATH: process.env['PATH'], HOME: folder, BROWSER: `${process.execPath} ${opener} %s` },
        stdio: ['ignore', 'pipe', 'pipe'],
      })
      const said = Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')])
      const asked = once(opened, 'request')
      const early = said.then(([, stderr]) => Promise.reject(new Error(stderr)))
      early.catch(() => undefined)
      const [{ url }] = await Promise.race([asked, early])

      const page = await browser.newPage()
      await page.goto(decodeURIComponent(String(url).slice(1)))
      await page.getByRole('button', { name: 'Grant access' }).click()
      const [, stderr, [code]] = await said
      expect({ code, stderr }).toEqual({ code: 0, stderr: expect.stringContaining('logged in as Ada App') })
      expect(await page.locator('body').textContent()).toMatch(/logged in|close/i)
    } finally {
      await browser.close()
      opened.close()
      await box.close()
      await rm(folder, { recursive: true })
    }
  },
)
