import { fileStore } from '../src/index.js'

test.each([[undefined], ['sessions'], [{}], [{ folder: 7 }]])('fileStore(%j) says what it takes', (given) => {
  expect(() => Reflect.apply(fileStore, undefined, [given])).toThrow('fileStore takes { folder, patience? }')
})
