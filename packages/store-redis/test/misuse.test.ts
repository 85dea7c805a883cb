import { redisStore } from '../src/index.js'

test.each([[undefined], ['redis://127.0.0.1'], [{ eval: () => undefined }]])(
  'redisStore(%j) says what it takes',
  (given) => {
    expect(() => Reflect.apply(redisStore, undefined, [given])).toThrow('nodeRedis(client) or ioRedis(client)')
  },
)
