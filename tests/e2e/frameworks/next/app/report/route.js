// What the second page told, for the test to read.
export const dynamic = 'force-dynamic';

export async function POST(request) {
  globalThis.told = await request.json();
  return new Response(null, { status: 204 });
}

export const GET = () => Response.json(globalThis.told ?? null);
