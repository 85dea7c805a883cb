import { count } from '../count.js'

const counted = (code: string) => {
  const { concepts, ...numbers } = count(code)
  return { ...numbers, concepts: concepts.join(' ') }
}

test('statements are counted in functions too, blocks are not, and an arrow function without one is as long as with one', () => {
  const short = counted('const f = (x) => x + 1\nif (f(1)) f(2)')
  expect(short.statements).toBe(4)
  expect(counted('const f = (x) => {\n  return x + 1\n}\nif (f(1)) {\n  f(2)\n}')).toEqual(short)
})

test('concepts are names, options, properties, methods and arguments by place, each once, but not those of the platform', () => {
  const code = `import * as a from 'a'
import b, { c as d } from 'b'
const { e, f: g } = a.h(1, undefined, { i: 2, 'j': g }, g)(g)
const k = [d(), d(new b(g)), own(1), process.pid].map((l) => l?.m(g).n ?? process.env.HOME)`
  expect(counted(code)).toEqual({
    statements: 3,
    imports: 2,
    names: 3,
    concepts: 'a b b 1 d d 1 e f h h 1 h 4 h() 1 i j m m 1 n',
  })
})

test('what is there to try it on is left out, and what uses it is not', () => {
  const code = `import { startSandbox } from '@tessera/sandbox'
import { make } from 'a'
const port = 1
const server = await startSandbox({ port })
const { id, secret } = server.client
const person = ({ code }) => server.approve(code)
const made = make({ id, url: server.endpoints.token })
person(made)
console.log(await made.get(server.url))
await server.close()`
  expect(counted(code)).toEqual({ statements: 2, imports: 1, names: 1, concepts: 'id make' })
})
