import { startSandbox } from '@tessera/sandbox'
import { inPage, programsOf, sources, tellsSecret } from '../programs.js'

test('the programs of a page are its fences that say js and no more, as they stand', () => {
  const page = 'Text\n\n```js\nconst a = `\n  b`\n\n```\n```ts\nc\n```\n```js jest\nd\n```\n\n```js\n```\n'
  expect(inPage('docs/page.md', page)).toEqual([
    { where: 'docs/page.md:4', code: 'const a = `\n  b`\n\n' },
    { where: 'docs/page.md:16', code: '' },
  ])
})

test('an example is a program as a whole', () => {
  expect(sources()).toEqual(expect.arrayContaining(['README.md', 'packages/core/README.md', 'docs/testing.md']))
  const examples = sources().filter((source) => source.startsWith('docs/examples/'))
  expect(examples.length).toBeGreaterThan(0)
  for (const example of examples) expect(programsOf(example)).toMatchObject([{ where: example }])
})

test('what the sandbox keeps secret is found in an output', async () => {
  const sandbox = await startSandbox()
  const { accessToken, refreshToken } = sandbox.issue()
  const secrets = [sandbox.client.secret, accessToken, refreshToken, (await sandbox.settings()).boxAppSettings]
  await sandbox.close()
  for (const secret of secrets) expect(tellsSecret(`the token is ${JSON.stringify(secret)}.`)).toBe(true)
  expect(tellsSecret(`${sandbox.client.id} at ${sandbox.url} has <redacted> and at_most`)).toBe(false)
})
