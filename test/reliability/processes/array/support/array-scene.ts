/** A scene whose operator talks to its array through a proxy. */
import { inject } from 'vitest';
import { type Scene, type SceneOptions, startScene } from '../../../../support/scene.ts';
import { type Call, GrpcProxy } from './grpc-proxy.ts';

export type ArrayScene = Scene & { readonly proxy: GrpcProxy };

/** Starts proxy, array and operator. */
export async function startArrayScene(options: SceneOptions): Promise<ArrayScene> {
  await using started = new AsyncDisposableStack();
  const proxy = started.use(await GrpcProxy.start());
  const arraySpec = { ...options.arraySpec, endpoint: proxy.endpoint };
  const scene = started.use(await startScene(inject('cluster'), { ...options, arraySpec }));
  proxy.leadTo(scene.array.client);
  const parts = started.move();
  return { ...scene, proxy, [Symbol.asyncDispose]: () => parts.disposeAsync() };
}

/** Whether one of the texts stands in the call's request. */
export function mentions({ request }: Call, ...texts: readonly string[]): boolean {
  const words = JSON.stringify(request, (_, value: unknown) => (typeof value === 'bigint' ? String(value) : value));
  return texts.some((text) => words.includes(text));
}
