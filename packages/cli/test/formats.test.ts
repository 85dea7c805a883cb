import { execFile } from 'node:child_process'
import { createServer, type RequestListener } from 'node:http'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { Secret, TokenSet } from '@tessera/core'
import * as O from 'fp-ts/lib/Option.js'
import { google } from '../src/formats/google.js'
import { type Home, withHome } from './support.js'

const MAIN = join(__dirname, '..', 'bin', 'tessera.js')

const serving = async <A>(answer: RequestListener, use: (origin: string) => Promise<A>): Promise<A> => {
  const server = createServer(answer)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  try {
    return await use(`http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`)
  } finally {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  }
}

const listed = ({ box, settings, writeProfile }: Home, origins: ReadonlyArray<string>): Promise<string> =>
  writeProfile('default', { ...settings, tessera: { baseUrl: box.url, origins } })

describe('token --format', () => {
  it(
    'prints the same token in each form, each of which its reader takes',
    withHome(async ({ run, box }) => {
      const printed = async (...args: ReadonlyArray<string>): Promise<string> => {
        const { code, stdout, stderr } = await run(['token', ...args])
        expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
        return stdout
      }
      const of = (format: string, ...more: ReadonlyArray<string>) => printed('--format', format, ...more)
      const token = (await printed()).trim()
      const object = JSON.parse(await printed('--json'))

      expect((await of('text')).trim()).toBe(token)
      expect(JSON.parse(await of('json'))).toEqual(object)
      expect(JSON.parse(await of('headers'))).toEqual({ Authorization: `Bearer ${token}` })
      expect(await of('env', '--env', 'GH_TOKEN')).toBe(`export GH_TOKEN='${token}'\n`)
      expect(await of('curl')).toBe(`header = "Authorization: Bearer ${token}"\n`)
      expect(JSON.parse(await of('kubectl'))).toEqual({
        apiVersion: 'client.authentication.k8s.io/v1',
        kind: 'ExecCredential',
        status: { token, expirationTimestamp: object.expires_at },
      })
      expect(JSON.parse(await of('google'))).toEqual({
        version: 1,
        success: true,
        token_type: 'urn:ietf:params:oauth:token-type:jwt',
        id_token: token,
        expiration_time: Math.floor(Date.parse(object.expires_at) / 1_000),
      })
      expect(box.counts().byEndpoint.token).toBe(1)
    }),
  )

  it(
    'answers kubectl in the version that it asks for',
    withHome(async ({ run }) => {
      const apiVersion = 'client.authentication.k8s.io/v1beta1'
      const { stdout } = await run(['token', '--format', 'kubectl'], {
        KUBERNETES_EXEC_INFO: JSON.stringify({ apiVersion, kind: 'ExecCredential', spec: { interactive: false } }),
      })
      expect(JSON.parse(stdout).apiVersion).toBe(apiVersion)
    }),
  )

  it(
    "tells Google's libraries of a failure in their words, and people in ours",
    withHome(async ({ run, box }) => {
      box.faults.next({ kind: 'status', status: 400, endpoint: 'token' })
      const { code, stdout, stderr } = await run(['token', '--format', 'google'])
      expect(JSON.parse(stdout)).toMatchObject({ version: 1, success: false, code: String(code) })
      expect(stderr).toContain('next')
      const without = await run(['token', '--format', 'google'], {
        GOOGLE_EXTERNAL_ACCOUNT_TOKEN_TYPE: 'urn:ietf:params:oauth:token-type:id_token',
      })
      expect(without.code).toBe(3)
      expect(without.stderr).toContain('no ID token')
    }),
  )

  it('gives the ID token, with its own end, where that is wanted', () => {
    const payload = Buffer.from(JSON.stringify({ exp: 1_900_000_000 })).toString('base64url')
    const idToken = `e30.${payload}.c2ln`
    const token = TokenSet.make(Secret.make('AccessToken', 'abc'), {
      members: new Map([['id_token', Secret.make('Member', JSON.stringify(idToken))]]),
    })
    const type = 'urn:ietf:params:oauth:token-type:id_token'
    const shown = google(token, { GOOGLE_EXTERNAL_ACCOUNT_TOKEN_TYPE: type })
    expect(O.map((text: string) => JSON.parse(text))(shown)).toEqual(
      O.some({ version: 1, success: true, token_type: type, id_token: idToken, expiration_time: 1_900_000_000 }),
    )
  })

  it(
    'says what is wrong with its options',
    withHome(async ({ run }) => {
      const wrong: ReadonlyArray<readonly [ReadonlyArray<string>, RegExp]> = [
        [['--format', 'yaml'], /Allowed choices are text, json/],
        [['--json', '--format', 'env'], /--json is --format json/],
        [['get'], /only --format git and docker/],
        [['--format', 'git'], /for a program that says what to do/],
        [['--format', 'env', '--env', 'a b'], /a variable has letters/],
      ]
      for (const [args, said] of wrong) {
        const { code, stderr } = await run(['token', ...args])
        expect(code).toBe(2)
        expect(stderr).toMatch(said)
      }
    }),
  )
})

describe('token --format git', () => {
  /** A repository that is read by plain files, for whoever has a token that counts. */
  const repository =
    (isGood: (token: string) => boolean): RequestListener =>
    ({ url = '', headers }, response) => {
      const [, encoded = ''] = (headers.authorization ?? '').split(' ')
      const [, password = ''] = Buffer.from(encoded, 'base64').toString().split(':')
      if (!isGood(password)) response.writeHead(401, { 'www-authenticate': 'Basic realm="git"' }).end()
      else if (url.startsWith('/repo.git/info/refs')) {
        response.writeHead(200, { 'content-type': 'text/plain' }).end(`${'a'.repeat(40)}\trefs/heads/main\n`)
      } else response.writeHead(404).end()
    }

  it(
    'lets git itself read a repository, and renews a token that the server has refused',
    withHome(async (home) => {
      const { box, run, folder } = home
      const refused = new Set<string>()
      await serving(
        repository((token) => box.isActive(token) && !refused.has(token)),
        async (origin) => {
          await listed(home, [origin])
          const helper = `!'${process.execPath}' '${MAIN}' token --format git`
          const lsRemote = () =>
            promisify(execFile)('git', ['-c', `credential.helper=${helper}`, 'ls-remote', `${origin}/repo.git`], {
              env: {
                PATH: process.env['PATH'] ?? '',
                HOME: folder,
                XDG_CONFIG_HOME: join(folder, 'config'),
                XDG_STATE_HOME: join(folder, 'state'),
                GIT_TERMINAL_PROMPT: '0',
              },
            })
          expect((await lsRemote()).stdout).toContain('refs/heads/main')
          const first = (await run(['token'])).stdout.trim()
          // Old enough for a refusal to count at once.
          await home.expire(Date.now() + 3_000_000)
          refused.add(first)
          await expect(lsRemote()).rejects.toThrow()
          expect((await lsRemote()).stdout).toContain('refs/heads/main')
          expect(box.counts().byEndpoint.token).toBe(2)
        },
      )
    }),
  )

  it(
    'gives it to origins of the profile only, and does nothing that it does not know',
    withHome(async (home) => {
      await listed(home, ['https://git.example'])
      const asked = async (operation: string, attributes: string) => {
        const { code, stdout, stderr } = await home.start(['token', '--format', 'git', operation], {}, attributes).ended
        expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
        return stdout
      }
      expect(await asked('get', 'protocol=https\nhost=git.example\npath=a.git\nusername=me\n\n')).toMatch(
        /^username=me\npassword=\S+\npassword_expiry_utc=\d+\n$/,
      )
      for (const attributes of [
        'protocol=https\nhost=evil.example\n\n',
        'protocol=http\nhost=git.example\n\n',
        'protocol=https\nhost=git.example:444\n\n',
        'protocol=ssh\nhost=git.example\n\n',
        'protocol=https\nhost=git.example@evil.example\n\n',
        '',
      ])
        expect(await asked('get', attributes)).toBe('')
      for (const operation of ['store', 'capability'])
        expect(await asked(operation, 'protocol=https\nhost=git.example\n\n')).toBe('')
    }),
  )
})

describe('token --format docker', () => {
  it(
    'answers for registries of the profile only',
    withHome(async (home) => {
      await listed(home, ['https://registry.example', 'https://other.example:5000'])
      const asked = (operation: string, input: string, ...more: ReadonlyArray<string>) =>
        home.start(['token', '--format', 'docker', operation, ...more], {}, input).ended
      for (const address of ['registry.example', 'https://registry.example/v2/', 'other.example:5000\n']) {
        const { code, stdout } = await asked('get', address)
        expect(code).toBe(0)
        const { ServerURL, Username, Secret: token } = JSON.parse(stdout)
        expect({ ServerURL, Username }).toEqual({ ServerURL: address.trim(), Username: 'oauth2accesstoken' })
        expect(home.box.isActive(token)).toBe(true)
      }
      expect(JSON.parse((await asked('get', 'registry.example', '--username', 'me')).stdout).Username).toBe('me')
      const none = await asked('get', 'https://evil.example')
      expect(none).toMatchObject({ code: 1, stdout: 'credentials not found in native keychain\n' })
      expect((await asked('list', '')).stdout).toBe('{}\n')
      expect((await asked('erase', 'registry.example')).code).toBe(0)
      expect((await asked('store', '{}')).code).toBe(2)
    }),
  )
})
