import { BadRequestException, Injectable, type PipeTransform } from '@nestjs/common';

import type { OrderItem } from './order.entity.js';

/** The body of `POST /orders`. */
export interface PlaceOrder {
  readonly customer: string;
  readonly items: readonly OrderItem[];
}

const MOST_ITEMS = 20;
const LARGEST_QUANTITY = 1000;
const SKU = /^[a-z\d-]{1,50}$/;

/** Takes what a client sent apart, and nothing of it over that was not looked at. */
@Injectable()
export class PlaceOrderPipe implements PipeTransform<unknown, PlaceOrder> {
  transform(body: unknown): PlaceOrder {
    const { customer, items } = fieldsOf(body, 'the body');
    if (!Array.isArray(items) || items.length === 0 || items.length > MOST_ITEMS) {
      throw new BadRequestException(`items must be a list of 1 to ${MOST_ITEMS} items`);
    }
    return {
      customer: text(customer, 'customer', 100),
      items: items.map((item, index) => orderItem(item, `items[${index}]`)),
    };
  }
}

function orderItem(value: unknown, where: string): OrderItem {
  const { sku, quantity } = fieldsOf(value, where);
  if (!isWholeNumber(quantity) || quantity < 1 || quantity > LARGEST_QUANTITY) {
    throw new BadRequestException(
      `${where}.quantity must be a whole number from 1 to ${LARGEST_QUANTITY}`,
    );
  }
  if (typeof sku !== 'string' || !SKU.test(sku)) {
    throw new BadRequestException(`${where}.sku must be 1 to 50 of a-z, 0-9 and -`);
  }
  return { sku, quantity };
}

function text(value: unknown, where: string, longest: number): string {
  const trimmed = typeof value === 'string' ? value.trim() : '';
  if (trimmed === '' || trimmed.length > longest) {
    throw new BadRequestException(`${where} must be a text of 1 to ${longest} characters`);
  }
  return trimmed;
}

function isWholeNumber(value: unknown): value is number {
  return Number.isSafeInteger(value);
}

function fieldsOf(value: unknown, where: string): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new BadRequestException(`${where} must be a JSON object`);
  }
  return value as Record<string, unknown>;
}
