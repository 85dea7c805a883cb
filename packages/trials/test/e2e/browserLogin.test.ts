/** `tessera login` as a person meets it: the page that it opens leads Chromium to the consent, and back. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startSandbox } from '@tessera/sandbox'
import { testWith } from '../../../tools/jest/needs.js'
import { child, finished } from '../../src/child.js'
import { TESSERA } from '../../src/project.js'
import { httpServer } from '../../src/servers/httpServer.js'
import { openChromium } from '../support/chromium.js'

testWith('chromium')(
  'tessera login: a page without an address in the list of processes, the consent, the end',
  async () => {
    const folder = await mkdtemp(join(tmpdir(), 'tessera-browser-'))
    const box = await startSandbox()
    const browser = await openChromium()
    // The "browser" that the command starts only says what it was asked to open: Chromium is the test's.
    let open: (url: string) => void = () => undefined
    const asked = new Promise<string>((resolve) => {
      open = resolve
    })
    const opened = await httpServer(({ request }, response) => {
      open(decodeURIComponent(String(request.url).slice(1)))
      response.end(request.url)
    })
    try {
      const opener = join(folder, 'opener.mjs')
      await writeFile(opener, `await fetch('${opened.url}/' + encodeURIComponent(process.argv[2]))`)
      await box.writeSettings(join(folder, 'config.json'))
      const args = ['login', '--config', join(folder, 'config.json'), '--base-url', box.url]
      const env = { PATH: process.env['PATH'], HOME: folder, BROWSER: `${process.execPath} ${opener} %s` }
      const ended = finished(child(process.execPath, [TESSERA, ...args], { env }))
      const early = ended.then(({ stderr }) => Promise.reject(new Error(stderr)))
      early.catch(() => undefined)
      const url = await Promise.race([asked, early])

      const page = await browser.newPage()
      await page.goto(url)
      await page.getByRole('button', { name: 'Grant access' }).click()
      const { code, stderr } = await ended
      expect({ code, stderr }).toEqual({ code: 0, stderr: expect.stringContaining('logged in as Ada App') })
      expect(await page.locator('body').textContent()).toMatch(/logged in|close/i)
    } finally {
      await browser.close()
      await opened.close()
      await box.close()
      await rm(folder, { recursive: true })
    }
  },
)
