import { Column, Entity, PrimaryGeneratedColumn } from 'typeorm';

@Entity('two_services_orders')
export class Order {
  @PrimaryGeneratedColumn('uuid')
  id!: string;

  @Column({ type: 'varchar', length: 100 })
  customer!: string;

  @Column({ type: 'int' })
  total!: number;
}
