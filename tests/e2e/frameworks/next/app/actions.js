'use server';

export async function doubled(number) {
  return number * 2;
}
