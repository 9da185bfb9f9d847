import { type ArgumentMetadata, BadRequestException, type PipeTransform } from '@nestjs/common';

export interface WholeNumberRange {
  readonly min: number;
  readonly max?: number;
}

/** Nest's ParseIntPipe takes negative numbers, and those beyond what a number can hold exactly. Absent stays absent. */
export class WholeNumberPipe implements PipeTransform<string | undefined, number | undefined> {
  constructor(private readonly range: WholeNumberRange) {}

  transform(value: string | undefined, { data }: ArgumentMetadata): number | undefined {
    if (value === undefined || value === '') return undefined;
    const { min, max = Number.MAX_SAFE_INTEGER } = this.range;
    const number = /^\d+$/.test(value) ? Number(value) : NaN;
    if (!(number >= min && number <= max)) {
      throw new BadRequestException(`${data} must be a whole number from ${min} to ${max}`);
    }
    return number;
  }
}
