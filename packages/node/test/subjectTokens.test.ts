/** What platforms say of a workload: files that are rotated, variables, and addresses, by real HTTP. */
import { mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import type { IncomingMessage } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { AuthError, millis, plus, Secret, Strategy, seconds } from '@tessera/core'
import { Client, type SubjectToken, subjectAssertion, subjectExchange } from '@tessera/oauth2'
import * as E from 'fp-ts/lib/Either.js'
import * as O from 'fp-ts/lib/Option.js'
import {
  azureManagedIdentityToken,
  fileToken,
  gceIdentityToken,
  githubActionsToken,
  nodeEnv,
  variableToken,
} from '../src/index.js'
import { bodyOf, type Served, serve } from './support/servers.js'

const env = nodeEnv()
const folder = mkdtempSync(join(tmpdir(), 'tessera-subject-'))
const closing: Array<() => Promise<void>> = [env.close]
afterAll(async () => {
  rmSync(folder, { recursive: true })
  await Promise.all(closing.map((close) => close()))
})

const variables = new Set<string>()
const set = (given: Readonly<Record<string, string>>): void => {
  for (const [name, value] of Object.entries(given)) {
    variables.add(name)
    process.env[name] = value
  }
}
afterEach(() => {
  for (const name of variables) delete process.env[name]
  variables.clear()
})

const limits = () => ({ deadline: plus(env.clock.now(), seconds(20)), signal: new AbortController().signal })
const read = (subject: SubjectToken) => subject(limits())(env)()
const text = async (subject: SubjectToken): Promise<string> => {
  const result = await read(subject)
  if (E.isLeft(result)) throw new Error(AuthError.show.show(result.left))
  return Secret.open(result.right)
}
const errorOf = async (subject: SubjectToken): Promise<AuthError> => {
  const result = await read(subject)
  if (E.isRight(result)) throw new Error('expected an error')
  expect(JSON.stringify(result.left)).not.toContain('C4NARY')
  return result.left
}

/** A server that answers one thing, and what it was asked. */
const platform = async (status: number, body: string): Promise<Served & { readonly asked: IncomingMessage[] }> => {
  const asked: IncomingMessage[] = []
  const served = await serve((request, response) => {
    asked.push(request)
    response.writeHead(status).end(body)
  })
  closing.push(served.close)
  return { ...served, asked }
}

describe('a file', () => {
  const file = join(folder, 'token')
  const replace = (content: string) => {
    writeFileSync(`${file}.new`, content)
    renameSync(`${file}.new`, file)
  }

  test('is read at each use, as a cluster rotates it', async () => {
    const subject = fileToken({ file })
    for (const token of ['eyJ.1.a', 'eyJ.2.a\n']) {
      replace(token)
      expect(await text(subject)).toBe(token.trim())
    }
    // Kubernetes replaces a link to a folder.
    const link = join(folder, 'link')
    symlinkSync(file, link)
    expect(await text(fileToken({ file: link }))).toBe('eyJ.2.a')
  })

  test('a variable names it, at each use', async () => {
    replace('eyJ.3.a')
    const subject = fileToken({ variable: 'TESSERA_TEST_TOKEN_FILE' })
    expect(await errorOf(subject)).toMatchObject({ _tag: 'Misconfigured', field: 'TESSERA_TEST_TOKEN_FILE' })
    set({ TESSERA_TEST_TOKEN_FILE: file })
    expect(await text(subject)).toBe('eyJ.3.a')
  })

  test.each([
    ['', 'Malformed'],
    ['C4NARY and more', 'Malformed'],
    ['C4NARY\u00e9', 'Malformed'],
    ['C4NARY'.repeat(20_000), 'Misconfigured'],
  ])('with no token in it (%#)', async (content, _tag) => {
    replace(content)
    const error = await errorOf(fileToken({ file }))
    expect(error._tag).toBe(_tag)
    expect(AuthError.isRetryable(error)).toBe(_tag === 'Malformed')
  })

  test('that is not there, or is a folder', async () => {
    for (const wrong of [join(folder, 'none'), folder]) {
      expect(await errorOf(fileToken({ file: wrong }))).toMatchObject({ _tag: 'Misconfigured', field: wrong })
    }
  })
})

test('a variable is read at each use', async () => {
  const subject = variableToken({ variable: 'TESSERA_TEST_TOKEN' })
  expect(await errorOf(subject)).toMatchObject({ _tag: 'Misconfigured', field: 'TESSERA_TEST_TOKEN' })
  for (const token of ['eyJ.1', 'eyJ.2']) {
    set({ TESSERA_TEST_TOKEN: token })
    expect(await text(subject)).toBe(token)
  }
})

describe('GitHub Actions', () => {
  const subject = githubActionsToken({ audience: 'https://sts.example/a b' })

  test('the job’s own token asks', async () => {
    const { origin, asked } = await platform(200, '{"count":1,"value":"eyJ.gh.a"}')
    set({ ACTIONS_ID_TOKEN_REQUEST_URL: `${origin}/token?api-version=2.0`, ACTIONS_ID_TOKEN_REQUEST_TOKEN: 'C4NARY' })
    expect(await text(subject)).toBe('eyJ.gh.a')
    expect(asked[0]?.method).toBe('GET')
    expect(asked[0]?.headers.authorization).toBe('Bearer C4NARY')
    const { searchParams } = new URL(asked[0]?.url ?? '', origin)
    expect(Object.fromEntries(searchParams)).toEqual({ 'api-version': '2.0', audience: 'https://sts.example/a b' })
  })

  test('what echoes it bare shows nothing', async () => {
    const { origin } = await platform(403, '{"error":"denied","error_description":"C4NARY is no token of this job"}')
    set({ ACTIONS_ID_TOKEN_REQUEST_URL: `${origin}/token`, ACTIONS_ID_TOKEN_REQUEST_TOKEN: 'C4NARY' })
    expect(await errorOf(subject)).toMatchObject({ _tag: 'Rejected', answer: { error: O.some('denied') } })
  })

  test('without its variables it is told what to do', async () => {
    expect(AuthError.show.show(await errorOf(subject))).toContain('id-token: write')
  })

  test('the token goes to no plain http elsewhere, and follows no redirect', async () => {
    set({ ACTIONS_ID_TOKEN_REQUEST_URL: 'http://actions.example/token', ACTIONS_ID_TOKEN_REQUEST_TOKEN: 'C4NARY' })
    expect(await errorOf(subject)).toMatchObject({ _tag: 'Misconfigured' })
    const elsewhere = await platform(200, '{"value":"eyJ"}')
    const redirecting = await serve((_, response) => response.writeHead(302, { location: elsewhere.origin }).end())
    closing.push(redirecting.close)
    set({ ACTIONS_ID_TOKEN_REQUEST_URL: redirecting.origin, ACTIONS_ID_TOKEN_REQUEST_TOKEN: 'C4NARY' })
    expect(await errorOf(subject)).toMatchObject({ _tag: 'Rejected', answer: { status: 302 } })
    expect(elsewhere.asked).toEqual([])
    set({ ACTIONS_ID_TOKEN_REQUEST_URL: 'nonsense', ACTIONS_ID_TOKEN_REQUEST_TOKEN: 'C4NARY' })
    expect(await errorOf(subject)).toMatchObject({ _tag: 'Misconfigured' })
  })
})

test('Google Cloud’s metadata server', async () => {
  const { origin, asked } = await platform(200, 'eyJ.gce.a')
  set({ GCE_METADATA_HOST: new URL(origin).host })
  expect(await text(gceIdentityToken({ audience: 'me', serviceAccount: 'a@b.example' }))).toBe('eyJ.gce.a')
  expect(asked[0]?.headers['metadata-flavor']).toBe('Google')
  const { pathname, searchParams } = new URL(asked[0]?.url ?? '', origin)
  expect(pathname).toBe('/computeMetadata/v1/instance/service-accounts/a%40b.example/identity')
  expect(Object.fromEntries(searchParams)).toEqual({ audience: 'me', format: 'full' })
})

describe('Azure', () => {
  test('App Service, Functions and Container Apps', async () => {
    const { origin, asked } = await platform(200, '{"access_token":"eyJ.az.a","expires_on":"1586984735"}')
    set({ IDENTITY_ENDPOINT: `${origin}/msi/token`, IDENTITY_HEADER: 'C4NARY' })
    const subject = azureManagedIdentityToken({ resource: 'api://AzureADTokenExchange', clientId: 'id' })
    expect(await text(subject)).toBe('eyJ.az.a')
    expect(asked[0]?.headers['x-identity-header']).toBe('C4NARY')
    expect(asked[0]?.headers['metadata']).toBeUndefined()
    const { searchParams } = new URL(asked[0]?.url ?? '', origin)
    expect(Object.fromEntries(searchParams)).toEqual({
      'api-version': '2019-08-01',
      resource: 'api://AzureADTokenExchange',
      client_id: 'id',
    })
  })

  test('a virtual machine', async () => {
    const sent: Array<{ readonly url: string; readonly headers: object }> = []
    const http = {
      send: (request: Parameters<typeof env.http.send>[0]) => {
        sent.push({ url: request.url, headers: Object.fromEntries(request.headers) })
        return async () => E.left({ _tag: 'NotSent', cause: 'connection', reason: 'EHOSTUNREACH' } as const)
      },
    }
    const result = await azureManagedIdentityToken({ resource: 'r' })(limits())({ ...env, http })()
    expect(result).toMatchObject({ left: { _tag: 'Unreachable' } })
    expect(sent).toMatchObject([
      {
        url: 'http://169.254.169.254/metadata/identity/oauth2/token?api-version=2018-02-01&resource=r',
        headers: { metadata: 'true' },
      },
    ])
  })
})

test.each([
  [404, 'C4NARY', 'Rejected'],
  [500, 'C4NARY', 'OutcomeUnknown'],
  [200, '<html>', 'Malformed'],
  [200, `{"value":"${'x'.repeat(100_000)}"}`, 'OutcomeUnknown'],
])('an address that answers %i', async (status, body, _tag) => {
  const { origin } = await platform(status, body)
  set({ ACTIONS_ID_TOKEN_REQUEST_URL: origin, ACTIONS_ID_TOKEN_REQUEST_TOKEN: 'C4NARY' })
  expect((await errorOf(githubActionsToken({ audience: 'a' })))._tag).toBe(_tag)
})

test('from a rotated file to a token, by both grants, over HTTP', async () => {
  const forms: URLSearchParams[] = []
  const served = await serve(async (request, response) => {
    const form = new URLSearchParams(await bodyOf(request))
    forms.push(form)
    const issued = {
      access_token: 'A',
      token_type: 'bearer',
      issued_token_type: 'urn:ietf:params:oauth:token-type:access_token',
    }
    response.end(JSON.stringify(issued))
  })
  closing.push(served.close)
  const file = join(folder, 'projected')
  writeFileSync(file, 'eyJ.k8s.1')
  const client = Client.make({ id: 'app', tokenEndpoint: `${served.origin}/token` })
  const subject = fileToken({ file })
  for (const strategy of [subjectExchange({ client, subject }), subjectAssertion({ client, subject })]) {
    const token = await Strategy.once(millis(20_000))(strategy)(env)()
    expect(token).toMatchObject({ right: { tokenType: 'bearer' } })
    writeFileSync(file, 'eyJ.k8s.2')
  }
  expect([forms[0]?.get('subject_token'), forms[1]?.get('assertion')]).toEqual(['eyJ.k8s.1', 'eyJ.k8s.2'])
})
