-- What Hibernate 6.6.4 sends, as the server logged it.

--- hibernate
select string_agg(word, ',') from pg_catalog.pg_get_keywords() where word <> ALL ('{a,abs,absolute,action,ada,add,admin,after,all,allocate,alter,always,and,any,are,array,as,asc,asensitive,assertion,assignment,asymmetric,at,atomic,attribute,attributes,authorization,avg,before,begin,bernoulli,between,bigint,binary,blob,boolean,both,breadth,by,c,call,called,cardinality,cascade,cascaded,case,cast,catalog,catalog_name,ceil,ceiling,chain,char,char_length,character,character_length,character_set_catalog,character_set_name,character_set_schema,characteristics,characters,check,checked,class_origin,clob,close,coalesce,cobol,code_units,collate,collation,collation_catalog,collation_name,collation_schema,collect,column,column_name,command_function,command_function_code,commit,committed,condition,condition_number,connect,connection_name,constraint,constraint_catalog,constraint_name,constraint_schema,constraints,constructors,contains,continue,convert,corr,corresponding,count,covar_pop,covar_samp,create,cross,cube,cume_dist,current,current_collation,current_date,current_default_transform_group,current_path,current_role,current_time,current_timestamp,current_transform_group_for_type,current_user,cursor,cursor_name,cycle,data,date,datetime_interval_code,datetime_interval_precision,day,deallocate,dec,decimal,declare,default,defaults,deferrable,deferred,defined,definer,degree,delete,dense_rank,depth,deref,derived,desc,describe,descriptor,deterministic,diagnostics,disconnect,dispatch,distinct,domain,double,drop,dynamic,dynamic_function,dynamic_function_code,each,element,else,end,end-exec,equals,escape,every,except,exception,exclude,excluding,exec,execute,exists,exp,external,extract,false,fetch,filter,final,first,float,floor,following,for,foreign,fortran,found,free,from,full,function,fusion,g,general,get,global,go,goto,grant,granted,group,grouping,having,hierarchy,hold,hour,identity,immediate,implementation,in,including,increment,indicator,initially,inner,inout,input,insensitive,insert,instance,instantiable,int,integer,intersect,intersection,interval,into,invoker,is,isolation,join,k,key,key_member,key_type,language,large,last,lateral,leading,left,length,level,like,ln,local,localtime,localtimestamp,locator,lower,m,map,match,matched,max,maxvalue,member,merge,message_length,message_octet_length,message_text,method,min,minute,minvalue,mod,modifies,module,month,more,multiset,mumps,name,names,national,natural,nchar,nclob,nesting,new,next,no,none,normalize,normalized,not,"null",nullable,nullif,nulls,number,numeric,object,octet_length,octets,of,old,on,only,open,option,options,or,order,ordering,ordinality,others,out,outer,output,over,overlaps,overlay,overriding,pad,parameter,parameter_mode,parameter_name,parameter_ordinal_position,parameter_specific_catalog,parameter_specific_name,parameter_specific_schema,partial,partition,pascal,path,percent_rank,percentile_cont,percentile_disc,placing,pli,position,power,preceding,precision,prepare,preserve,primary,prior,privileges,procedure,public,range,rank,read,reads,real,recursive,ref,references,referencing,regr_avgx,regr_avgy,regr_count,regr_intercept,regr_r2,regr_slope,regr_sxx,regr_sxy,regr_syy,relative,release,repeatable,restart,result,return,returned_cardinality,returned_length,returned_octet_length,returned_sqlstate,returns,revoke,right,role,rollback,rollup,routine,routine_catalog,routine_name,routine_schema,row,row_count,row_number,rows,savepoint,scale,schema,schema_name,scope_catalog,scope_name,scope_schema,scroll,search,second,section,security,select,self,sensitive,sequence,serializable,server_name,session,session_user,set,sets,similar,simple,size,smallint,some,source,space,specific,specific_name,specifictype,sql,sqlexception,sqlstate,sqlwarning,sqrt,start,state,statement,static,stddev_pop,stddev_samp,structure,style,subclass_origin,submultiset,substring,sum,symmetric,system,system_user,table,table_name,tablesample,temporary,then,ties,time,timestamp,timezone_hour,timezone_minute,to,top_level_count,trailing,transaction,transaction_active,transactions_committed,transactions_rolled_back,transform,transforms,translate,translation,treat,trigger,trigger_catalog,trigger_name,trigger_schema,trim,true,type,uescape,unbounded,uncommitted,under,union,unique,unknown,unnamed,unnest,update,upper,usage,user,user_defined_type_catalog,user_defined_type_code,user_defined_type_name,user_defined_type_schema,using,value,values,var_pop,var_samp,varchar,varying,view,when,whenever,where,width_bucket,window,with,within,without,work,write,year,zone}'::text[])

--- hibernate
select version()

--- hibernate
--- with ["11"]
select c1_0.id,c1_0.card_number,c1_0.city,c1_0.country,c1_0.created_at,c1_0.email,c1_0.name,c1_0.notes,c1_0.phone,c1_0.ssn from customers c1_0 where c1_0.id=$1

--- hibernate
--- with ["Spain", "3"]
select c1_0.id,c1_0.card_number,c1_0.city,c1_0.country,c1_0.created_at,c1_0.email,c1_0.name,c1_0.notes,c1_0.phone,c1_0.ssn from customers c1_0 where c1_0.country=$1 order by c1_0.id fetch first $2 rows only

--- hibernate
--- with ["paid", "2", "3"]
select o1_0.id,o1_0.created_at,c1_0.id,c1_0.card_number,c1_0.city,c1_0.country,c1_0.created_at,c1_0.email,c1_0.name,c1_0.notes,c1_0.phone,c1_0.ssn,o1_0.status,o1_0.total from orders o1_0 join customers c1_0 on c1_0.id=o1_0.customer_id where o1_0.status=$1 order by o1_0.id offset $2 rows fetch first $3 rows only

--- hibernate
select c1_0.country,count(c1_0.id) from customers c1_0 group by c1_0.country order by count(c1_0.id) desc,c1_0.country

--- hibernate
select c1_0.name,sum(o1_0.total) from customers c1_0 left join orders o1_0 on c1_0.id=o1_0.customer_id group by c1_0.id,c1_0.name having sum(o1_0.total)>2500 order by c1_0.name

--- hibernate
--- with ["4"]
select c1_0.id,c1_0.card_number,c1_0.city,c1_0.country,c1_0.created_at,c1_0.email,c1_0.name,c1_0.notes,c1_0.phone,c1_0.ssn from customers c1_0 where exists(select 1 from orders o1_0 where o1_0.customer_id=c1_0.id and o1_0.total>880) order by c1_0.id fetch first $1 rows only

--- hibernate
--- with ["12"]
select o1_0.customer_id,o1_0.id,o1_0.created_at,o1_0.status,o1_0.total from orders o1_0 where o1_0.customer_id=$1

--- hibernate
--- with ["1", "2", "3"]
select c1_0.id,c1_0.email from customers c1_0 where c1_0.id in ($1,$2,$3) order by c1_0.id

--- hibernate
--- with ["nobody@example.com"]
select c1_0.id,c1_0.card_number,c1_0.city,c1_0.country,c1_0.created_at,c1_0.email,c1_0.name,c1_0.notes,c1_0.phone,c1_0.ssn from customers c1_0 where c1_0.email=$1

--- hibernate
select o1_0.status,case when o1_0.total>500 then 'large' else 'small' end,count(*) from orders o1_0 group by 1,2 order by 1,2

--- hibernate
--- with ["2026-11-21 17:43:13.375729+00", "12", "paid", "9.00"]
insert into orders (created_at,customer_id,status,total) values ($1,$2,$3,$4)
RETURNING *

--- hibernate
--- with ["2026-11-21 17:43:13.375729+00", "12", "shipped", "9.00", "9007"]
update orders set created_at=$1,customer_id=$2,status=$3,total=$4 where id=$5

--- hibernate
--- with ["9007"]
delete from orders where id=$1

--- hibernate
update orders o1_0 set status='paid' where o1_0.id=3

--- hibernate
delete from orders o1_0 where o1_0.status='nowhere'

--- hibernate
--- with ["13"]
select c1_0.id,c1_0.card_number,c1_0.city,c1_0.country,c1_0.created_at,c1_0.email,c1_0.name,c1_0.notes,c1_0.phone,c1_0.ssn from customers c1_0 where c1_0.id=$1 for no key update

--- hibernate
--- with ["5555 5555 7262 4246", "Ulm", "France", "2024-05-18 21:53:00+00", "farah.quist12@example.com", "Farah Quist", null, "+1 917 555 0129", "904-41-1549", "12"]
update customers set card_number=$1,city=$2,country=$3,created_at=$4,email=$5,name=$6,notes=$7,phone=$8,ssn=$9 where id=$10
