/** How a server is found or installed, with an apt-get and a redis-server of the test's own. */
import { execFile } from 'node:child_process'
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { INSTALL } from '../src/index.js'

const built = join(__dirname, '..', 'dist', 'index.js')

interface Asked {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

/** A machine without Redis, on which apt-get does what the script says; `$bin` is where programs are. */
const machine = (aptGet: string) => {
  const bin = mkdtempSync(join(tmpdir(), 'bin-'))
  const program = (name: string, script: string): void => {
    writeFileSync(join(bin, name), `#!/bin/bash\nbin=${bin}\necho "${name} $*" >> ${bin}/log\n${script}\n`)
    chmodSync(join(bin, name), 0o755)
  }
  program('apt-get', aptGet)
  program('sleep', '')
  return {
    ask: (env: Readonly<Record<string, string>> = {}): Promise<Asked> =>
      new Promise((resolve) => {
        const script = `import(${JSON.stringify(built)}).then(({ hasRedis }) => console.log(hasRedis()))`
        execFile(process.execPath, ['-e', script], { env: { PATH: bin, ...env } }, (error, stdout, stderr) => {
          resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr })
        })
      }),
    log: () => (existsSync(join(bin, 'log')) ? readFileSync(join(bin, 'log'), 'utf8') : ''),
    remove: () => rmSync(bin, { recursive: true }),
  }
}

const INSTALLS = 'printf "#!/bin/bash\\n" > $bin/redis-server; /bin/chmod 755 $bin/redis-server'
const mayInstall = process.getuid?.() === 0 && existsSync('/etc/debian_version')

describe('hasRedis', () => {
  test('where it cannot be installed, says how, or fails where it is required', async () => {
    const { ask, remove } = machine('exit 100')
    const left = await ask()
    expect(left).toMatchObject({ code: 0, stdout: 'false\n' })
    expect(left.stderr).toContain(`NOT TESTED: there is no redis-server. Install it: ${INSTALL}`)
    const required = await ask({ REQUIRE_REDIS: '1' })
    expect(required.code).not.toBe(0)
    expect(required.stderr).toContain(`REQUIRE_REDIS=1, but there is no redis-server: ${INSTALL}`)
    remove()
  })

  if (mayInstall) {
    test('installs it, after an update where apt knows no packages', async () => {
      const { ask, log, remove } = machine(`case "$*" in
        *update*) : > $bin/updated ;;
        *install*) [ -e $bin/updated ] || exit 100; ${INSTALLS} ;;
      esac`)
      expect(await ask({ REQUIRE_REDIS: '1' })).toMatchObject({ code: 0, stdout: 'true\n' })
      expect(await ask()).toMatchObject({ code: 0, stdout: 'true\n' })
      const steps = log()
        .split('\n')
        .filter((line) => line.startsWith('apt-get'))
      expect(steps.map((line) => /install|update/.exec(line)?.[0])).toEqual(['install', 'update', 'install'])
      expect(log()).toContain('DPkg::Lock::Timeout')
      remove()
    })

    test('of two that ask at once, the one whose update is refused tries again', async () => {
      const { ask, remove } = machine(`case "$*" in
        *update*) /bin/mkdir $bin/lock || exit 100; : > $bin/updated ;;
        *install*) [ -e $bin/updated ] || exit 100; ${INSTALLS} ;;
      esac`)
      const answers = await Promise.all([ask({ REQUIRE_REDIS: '1' }), ask({ REQUIRE_REDIS: '1' })])
      expect(answers.map(({ stdout }) => stdout)).toEqual(['true\n', 'true\n'])
      remove()
    })
  }
})
